// The variance-exploding process: diffusion with a schedule s(t), which is only a clock.
pde ve {
    title    "VE (time-scaled diffusion)";
    source   "Song et al., arXiv:2011.13456";
    space    x in R^N, N >= 1;
    param    s(t) > 0;
    equation phi_t - s(t) lap(phi) = 0;
    expect   s_generative;
    test     N = 2;
}
