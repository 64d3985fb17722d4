"""Pictures as physical objects: pixels with geometry, unit and subject; and the formats that keep them."""
