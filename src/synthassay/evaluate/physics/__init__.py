"""Image physics: noise texture, sharpness, uniformity and contrast, in millimetres and in the image's unit."""
