// Long waves on shallow water: waves of different lengths part, none decays.
pde airy {
    title    "Airy's equation";
    source   "Whitham, Linear and Nonlinear Waves, Sec. 11.1";
    space    x in R^1;
    equation phi_t + phi_xxx = 0;
    expect   not_s_generative by C1;
    test     N = 1;
}
