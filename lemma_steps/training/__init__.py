"""What turns kept rows into training with Axolotl: configurations, prompt strategies, checks before a start, the launch."""
