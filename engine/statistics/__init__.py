"""What rows say of a line: least squares, and its errors, diagnostics and predictions, float64."""
