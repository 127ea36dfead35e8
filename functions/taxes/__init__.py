"""What people and the operator are called on invoices, and where they pay tax."""
