"""PyTorch alone: torch.nn and torch.nn.functional."""
