"""Forms of the campaigns' pages; what values may be is the actions' business."""
