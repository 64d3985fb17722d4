"""What lies in an ``.npz`` file, whichever way its arrays are laid out."""
