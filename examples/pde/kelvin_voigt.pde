// Sound in a viscous solid: short waves diffuse, long waves travel.
pde kelvin_voigt {
    title    "Kelvin-Voigt viscoelastic wave";
    source   "Voigt, Ann. Phys. 283, 671 (1892)";
    space    x in R^N, N >= 1;
    param    c > 0;
    param    nu > 0;
    equation phi_tt - c^2 lap(phi) - 2 nu lap(phi_t) = 0;
    expect   conditional when "nu large against c, inside a region";
    test     N = 2, c = 1, nu = 1;
}
