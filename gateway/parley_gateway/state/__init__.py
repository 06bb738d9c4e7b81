"""What the pods of a deployment must agree on while sessions run: seats of users, and money spent today."""
