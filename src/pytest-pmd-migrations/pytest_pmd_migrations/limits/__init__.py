"""What one step of an application may take: time without progress, and memory."""
