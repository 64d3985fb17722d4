"""Parts that generators and downstream models are built from; a network never knows its loss."""
