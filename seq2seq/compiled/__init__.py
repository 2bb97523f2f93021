"""The training as `seq2seq.training` uses it, made fast: whole epochs in one compiled function."""
