// Heat with a relaxing memory: jumps, and a part exp(-t) of the data that never moves.
pde sobolev {
    title    "Sobolev (pseudo-parabolic) equation";
    source   "Barenblatt, Zheltov and Kochina (1960)";
    space    x in R^N, N >= 1;
    equation phi_t - lap(phi_t) - lap(phi) = 0;
    expect   conditional when "without the atom of weight exp(-t) at the data";
    test     N = 2;
}
