// Diffusion in a wind along the first axis: the same kernel, carried along.
pde advection_diffusion {
    title    "Advection-diffusion";
    source   "Taylor, Proc. R. Soc. A 219, 186 (1953)";
    space    x in R^N, N >= 1;
    param    c real;
    equation phi_t + c phi_x - lap(phi) = 0;
    expect   s_generative;
    test     N = 2, c = 1;
}
