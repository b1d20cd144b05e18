"""The panel of the enterprise: one module a noun, and the modules their pages share."""
