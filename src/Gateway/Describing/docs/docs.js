// Shows the OpenAPI description of the gateway that served this page. Everything from it is set as text, never as markup.

const methods = ['get', 'post', 'put', 'delete'];

function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) if (value !== undefined) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Text with `code` in backquotes. */
const prose = (text) => (text ?? '').split('`').map((part, index) => (index % 2 ? h('code', null, part) : part));

const json = (value) => h('pre', { tabindex: 0 }, typeof value === 'string' ? value : JSON.stringify(value, null, 2));

function show(api) {
  const resolve = (thing) => (thing?.$ref ? thing.$ref.slice(2).split('/').reduce((at, step) => at[step.replace(/~1/g, '/').replace(/~0/g, '~')], api) : thing);

  const schemaName = (schema) => {
    if (!schema) return 'any';
    if (schema.$ref) return schema.$ref.split('/').pop();
    if (schema.type === 'array') return `${schemaName(schema.items)}[]`;
    if (schema.oneOf) return schema.oneOf.map(schemaName).join(' or ');
    const type = [].concat(schema.type ?? 'any').join(' or ');
    return schema.format ? `${type} (${schema.format})` : type;
  };

  const exampleOf = (media) => media.example ?? Object.values(media.examples ?? {})[0]?.value;

  const parameters = (operation) => {
    const all = (operation.parameters ?? []).map(resolve);
    if (all.length === 0) return undefined;
    return [
      h('h4', null, 'Parameters'),
      h('table', null, h('tbody', null, all.map(({ name, in: place, required, description, schema }) =>
        h('tr', null, h('td', null, h('code', null, name)), h('td', { class: 'quiet' }, place, required && ', required'), h('td', null, schemaName(schema)), h('td', null, prose(description)))))),
    ];
  };

  const content = (media, title) => Object.entries(media ?? {}).map(([type, each]) => {
    const example = exampleOf(each);
    return [h('h4', null, title, h('code', null, type), ' ', schemaName(each.schema)), example !== undefined && json(example)];
  });

  const responses = (operation) => h('details', null, h('summary', null, 'Answers: ', Object.keys(operation.responses).join(', ')),
    Object.entries(operation.responses).map(([status, said]) => {
      const response = resolve(said);
      return [h('h4', null, status, ' '), h('p', null, prose(response.description)), content(response.content, '')];
    }));

  const curl = (path, method, operation) => {
    const address = path.replace(/\{(\w+)\}/g, (_, name) => (operation.parameters ?? []).map(resolve).find((parameter) => parameter.name === name)?.example ?? name);
    const body = operation.requestBody?.content?.['application/json'];
    const example = body && exampleOf(body);
    const parts = ['curl', path.endsWith('events') && '-N', method !== 'get' && `-X ${method.toUpperCase()}`, `'${location.origin}${address}'`];
    if (example !== undefined) parts.push(`-H 'content-type: application/json'`, `-d '${JSON.stringify(example).replace(/'/g, "'\\''")}'`);
    return parts.filter(Boolean).join(' ');
  };

  const operation = (path, method, said) => h('article', { id: said.operationId },
    h('h3', null, h('span', { class: 'method' }, method.toUpperCase()), path),
    h('p', null, h('strong', null, said.summary)), h('p', null, prose(said.description)),
    parameters(said), content(said.requestBody?.content, 'Body '), responses(said), h('h4', null, 'Try it'), json(curl(path, method, said)));

  const all = Object.entries(api.paths).flatMap(([path, item]) => methods.filter((method) => item[method]).map((method) => ({ path, method, said: item[method] })));

  document.getElementById('title').textContent = `${api.info.title}: ${api.info.summary}`;
  document.getElementById('about').replaceChildren(...prose(api.info.description));
  document.getElementById('contents').replaceChildren(h('ul', null, all.map(({ said }) => h('li', null, h('a', { href: `docs#${said.operationId}` }, said.summary)))));
  document.getElementById('operations').replaceChildren(
    ...api.tags.map(({ name, description }) => h('section', null, h('h2', { id: name }, name), h('p', { class: 'quiet' }, description),
      all.filter(({ said }) => said.tags[0] === name).map(({ path, method, said }) => operation(path, method, said)))),
    h('section', null, h('h2', { id: 'schemas' }, 'Schemas'), Object.entries(api.components.schemas).map(([name, schema]) =>
      h('article', { id: name }, h('h3', null, name), h('p', null, prose(schema.description)),
        schema.properties && h('table', null, h('tbody', null, Object.entries(schema.properties).map(([property, each]) =>
          h('tr', null, h('td', null, h('code', null, property)), h('td', { class: 'quiet' }, schema.required?.includes(property) && 'always'), h('td', null, schemaName(each)), h('td', null, prose(each.description))))))))));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

try {
  const response = await fetch('openapi/v1.json');
  if (!response.ok) throw new Error(`The gateway answered ${response.status}.`);
  show(await response.json());
} catch (error) {
  document.getElementById('operations').textContent = `The description cannot be read: ${error.message}`;
}
