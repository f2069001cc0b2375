"""A class that trains together: one server, a kernel for each client."""
