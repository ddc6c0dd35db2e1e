"""What learning management systems hand out and take back: zips of submissions, tables of marks, zips of feedback."""
