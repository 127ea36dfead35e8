"""What people are shown of stored documents: one module per context, used by every function that answers with it."""
