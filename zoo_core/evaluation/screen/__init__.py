"""What a screen of wells shows, from predictions alone: separation of controls, dose response, hits."""
