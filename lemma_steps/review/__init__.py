"""Human review: what reviewers are asked and shown, which rows they see, what their answers say and change."""
