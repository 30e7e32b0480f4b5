"""What is known without training: closed form, floor, curvature, limits, noise, landscape."""
