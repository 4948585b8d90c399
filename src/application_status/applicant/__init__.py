"""What jobseekers read of their applications: JSON, and a page."""
