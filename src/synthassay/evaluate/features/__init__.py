"""What an image is described by before sets are compared: embeddings, of which the radiomic one needs no weights."""
