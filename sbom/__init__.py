"""What is in the images: a software bill of materials for each, read from the image itself."""
