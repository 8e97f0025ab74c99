"""What may happen, who must agree, and what did."""
