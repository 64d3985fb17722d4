"""Model observers: how well a lesion can be found in an image, which no error between images foretells."""
