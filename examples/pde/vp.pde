// The variance-preserving process of score-based models. The drift -x is gone in the frame y = x exp(t), in which the
// process is diffusion with the clock (exp(2 t) - 1)/2.
pde vp {
    title    "VP (Ornstein-Uhlenbeck)";
    source   "Song et al., arXiv:2011.13456";
    space    x in R^N, N >= 1;
    equation phi_t - lap(phi) - div(x phi) = 0;
    expect   s_generative;
    test     N = 2;
}
