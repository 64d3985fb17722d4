// pixels
