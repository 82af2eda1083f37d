export { InputError } from '../nn/inputError.ts';
