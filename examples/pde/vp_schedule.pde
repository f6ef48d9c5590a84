// The variance-preserving process with its noise schedule beta(t), as it is trained.
pde vp_schedule {
    title    "VP with a noise schedule";
    source   "Song et al., arXiv:2011.13456, Eq. 11";
    space    x in R^N, N >= 1;
    param    beta(t) > 0;
    equation phi_t - (beta(t)/2)*lap(phi) - (beta(t)/2)*div(x phi) = 0;
    expect   s_generative;
    test     N = 2;
}
