// Schroedinger in imaginary time with a constant potential: diffusion with death or birth.
pde imaginary_time {
    title    "Imaginary-time Schroedinger";
    source   "Kac, Trans. AMS 65, 1 (1949)";
    space    x in R^N, N >= 1;
    param    m > 0;
    param    V real;
    equation phi_t - (1/(2 m)) lap(phi) + V phi = 0;
    expect   s_generative;
    test     N = 2, m = 1, V = 1;
}
