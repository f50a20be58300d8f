"""How many cases would see a fault: of each layer, argument by argument."""
