"""Pages of campaigns: the list, the builder, the campaign's own page, the review queue."""
