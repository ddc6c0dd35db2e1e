"""What a learner of *One CNN, Two Ways* imports: real images, pictures of the network, the stride explorer."""
