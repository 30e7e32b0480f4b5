"""The lab without a screen: experiments, training, theory and the headless command."""
