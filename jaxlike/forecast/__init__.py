"""What a survey will measure and a posterior predicts: Fisher, MOPED, designs, checks."""
