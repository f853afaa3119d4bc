"""What the catalogue looks like: cascades and the graph as DOT, Mermaid, SVG, PNG and PDF; coverage as a layer."""
