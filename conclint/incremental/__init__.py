"""What holds of earlier runs: what an edit reaches, and the judgements and effects that it leaves."""
