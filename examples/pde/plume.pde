// A plume of smoke in the wind: what drifts and what spreads.
pde plume {
    title    "Advection-diffusion in the plane";
    source   "Sato, Levy Processes and Infinitely Divisible Distributions, Thm. 8.1";
    space    x in R^2;
    param    a real, b real, D > 0;
    equation phi_t + a phi_x + b phi_y - D lap(phi) = 0;
    expect   s_generative;
    test     N = 2, a = 1, b = 1/2, D = 1;
}
