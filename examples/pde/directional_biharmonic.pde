// A grid of stiff wires: bending along two axes, each on its own.
pde directional_biharmonic {
    title    "Biharmonic along each axis";
    source   "Marcinkiewicz, Math. Z. 44 (1939) 612";
    space    x in R^2;
    equation phi_t + phi_xxxx + phi_yyyy = 0;
    expect   not_s_generative by C1;
    test     N = 2;
}
