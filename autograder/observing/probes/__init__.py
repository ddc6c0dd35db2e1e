"""How an answer is observed, one file a chapter. A probe knows nothing of what is right."""
