"""What the graders say of replies, and what many replies to one problem vote for."""
