"""How fast each precision answers, and what that costs in predictions, all of them measured in turn."""
