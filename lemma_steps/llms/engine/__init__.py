"""Asks a server for replies: each stored before it is used, paid for once, at the speed that the server bears."""
