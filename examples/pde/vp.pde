// The variance-preserving process of score-based models. The coefficient x is outside the dispersion relation.
pde vp {
    title    "VP (Ornstein-Uhlenbeck)";
    source   "Song et al., arXiv:2011.13456";
    space    x in R^N, N >= 1;
    equation phi_t - lap(phi) - div(x phi) = 0;
    expect   undecided;
    test     N = 2;
}
