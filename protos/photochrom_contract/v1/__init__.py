"""Generated from ``colorizer.proto`` by ``make protos``; do not edit."""
