"""Who is told when an asset breaks."""

OWNER = "team:data-engineering"
