pde heat {
    title    "Heat";
    equation phi_t - lap(phi) = 0;
    title    "Heat again";   //~ E0109 given twice
}
