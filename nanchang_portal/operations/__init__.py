"""What who runs the portal looks at: health, background work, metrics, logs."""
