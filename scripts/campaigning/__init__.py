"""What `scripts/campaign.py` is made of: packages unpacked, runs of the command watched, figures shown."""
