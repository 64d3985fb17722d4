"""How far readers agree: categories, measurements, and methods of measuring."""
