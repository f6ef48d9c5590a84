// Dispersion and diffusion: every mode decays, yet the kernel keeps the wiggles of Airy's function.
pde viscous_airy {
    title    "Airy's equation with diffusion";
    source   "Whitham, Linear and Nonlinear Waves, Sec. 13.15";
    space    x in R^1;
    param    nu > 0;
    equation phi_t + phi_xxx - nu phi_xx = 0;
    expect   not_s_generative by C1;
    test     N = 1, nu = 1;
}
